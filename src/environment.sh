# Sourced by ./test and ./morgana: finds dotnet, and keeps it quiet.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Build servers outlive the command which started them.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

# Packages and settings are kept in the home directory: some accounts have none.
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    export HOME="${TMPDIR:-/tmp}/morgana-home-$(id -u)"
    mkdir -p -m 700 "$HOME" && [ -O "$HOME" ] || { echo "$HOME is not this user's own; set HOME to a folder that is" >&2; return 1; }
fi

if ! command -v dotnet > /dev/null; then
    for directory in "${DOTNET_ROOT:-}" /usr/share/dotnet /usr/lib/dotnet "$HOME/.dotnet"; do
        [ -n "$directory" ] && [ -x "$directory/dotnet" ] && PATH=$PATH:$directory && break
    done
fi
if ! command -v dotnet > /dev/null; then
    echo "dotnet is not installed. Morgana needs the .NET SDK 10: https://dotnet.microsoft.com/download" >&2
    return 1
fi
