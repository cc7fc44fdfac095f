"""Images of ordinary programs, for bench/sockets and bench/size: on our sockets and files, and the same without any library of ours."""
import os, re, shutil, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUTPUT = f"{ROOT}/bench/bin/sockets"
SDK = f"{ROOT}/src/Morgana.Sdk/Sdk"


def run(command, **rest):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, **rest)


def with_dotnet(command, **rest):
    """A command for which src/environment.sh finds dotnet."""
    run(["bash", "-c", f". {ROOT}/src/environment.sh && exec \"$@\"", "-", *command], **rest)


def new_web():
    """The folder of an application as `dotnet new web` makes it."""
    project = f"{OUTPUT}/new/Shop"
    if not os.path.exists(f"{project}/Shop.csproj"):
        with_dotnet(["dotnet", "new", "web", "-o", project, "--no-restore"])
    return project


def build(project, side, openssl=None):
    """A static image of an ordinary project, on our sockets ("ours") or on Linux's ("linux"), with everything else alike.

    Whether OpenSSL is linked is the side's own default, or what is asked for. Beside the image is its file of symbols, NAME.dbg.
    """
    name = os.path.basename(project)
    variant = side + {None: "", True: "-openssl", False: "-bare"}[openssl]
    image = f"{OUTPUT}/{variant}-{name}"
    if os.path.exists(f"{image}.dbg") and os.stat(image).st_mtime > newest([project, f"{ROOT}/src"]):
        return image
    print(f"Building {image} ...", file=sys.stderr)
    folder = copied(project, variant)
    # MSBuild takes variables of the environment as properties.
    environment = dict(os.environ, **({} if openssl is None else {"MorganaOpenSsl": str(openssl).lower()}))
    if side == "ours":
        run([f"{ROOT}/morgana", "build", folder, "-o", image], env=environment)
    else:
        with_dotnet(["dotnet", "publish", folder, "-c", "Release", "-o", f"{folder}/out", "-v", "q", "-nologo",
                     f"-p:BeforeMicrosoftNETSdkTargets={SDK}/PlainFramework.targets", f"-p:BeforeTargetFrameworkInferenceTargets={SDK}/Plain.targets",
                     f"-p:MorganaPlainProject={folder}/{name}.csproj", "-p:MorganaPlainVersion=0.0.0",
                     "-p:MorganaSystemNative=false", "-p:MorganaFiles=false"], env=environment)
        shutil.copy(f"{folder}/out/{name}", image)
    with open(image, "rb") as file:
        if file.read(4) != b"\x7fELF" or os.stat(image).st_size < 1 << 20:
            raise SystemExit(f"{image} is not what the ahead-of-time compiler makes")
    symbols = [f"{path}/{name}.dbg" for path, _, files in os.walk(f"{folder}/bin") if f"{name}.dbg" in files]
    shutil.copy(max(symbols, key=os.path.getmtime), f"{image}.dbg")
    os.utime(image)
    return image


def newest(folders):
    return max(os.stat(os.path.join(path, f)).st_mtime for folder in folders for path, _, files in os.walk(folder)
               if not re.search(r"/(bin|obj)(/|$)", path) for f in files)


def copied(project, variant):
    """The project where no file of ours is above it but three empty ones."""
    folder = f"{OUTPUT}/{variant}/{os.path.basename(project)}"
    os.makedirs(folder, exist_ok=True)
    shutil.copytree(project, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin", "obj", "packages.lock.json"))
    for name in ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"):
        with open(f"{folder}/{name}", "w") as file:
            file.write("<Project />\n")
    return folder
