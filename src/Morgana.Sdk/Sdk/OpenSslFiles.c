// What OpenSSL, and .NET's layer over it, open by name: through the functions under .NET's own file classes, so that where a program's files
// are ours, OpenSSL's are too, and where they are the host's, nothing changes. The linker puts __wrap_X where X was called; in the layer,
// which is compiled here, the macros of OpenSslFiles.h do.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/err.h>

// pal_io.h of .NET.
typedef struct
{
    char* Name;
    int32_t NameLength;
    int32_t InodeType;
} DirectoryEntry;

intptr_t SystemNative_Open(const char* path, int32_t flags, int32_t mode);
int32_t SystemNative_Read(intptr_t descriptor, void* buffer, int32_t count);
int32_t SystemNative_Close(intptr_t descriptor);
int32_t SystemNative_Unlink(const char* path);
DIR* SystemNative_OpenDir(const char* path);
int32_t SystemNative_GetReadDirRBufferSize(void);
int32_t SystemNative_ReadDirR(DIR* directory, uint8_t* buffer, int32_t size, DirectoryEntry* entry);
int32_t SystemNative_CloseDir(DIR* directory);
int32_t SystemNative_GetCryptographicallySecureRandomBytes(uint8_t* buffer, int32_t length);

enum
{
    PalReadOnly = 0x0000,
    PalCloseOnExecute = 0x0010,
    // A certificate, a key, a bundle of them, a configuration: what is larger is none of them.
    MostOctets = 16 << 20,
};

// The whole of a file, for the caller to free; NULL with errno.
static char* ReadFile(const char* path, size_t* length)
{
    intptr_t descriptor = SystemNative_Open(path, PalReadOnly | PalCloseOnExecute, 0);
    if (descriptor < 0) return NULL;
    size_t size = 0, room = 4096;
    char* content = malloc(room);
    int error = content == NULL ? ENOMEM : 0;
    while (error == 0)
    {
        int32_t read = SystemNative_Read(descriptor, content + size, (int32_t)(room - size));
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) error = errno;
        if (read <= 0) break;
        size += (size_t)read;
        if (size < room) continue;
        char* larger = room >= MostOctets ? NULL : realloc(content, room * 2);
        if (larger == NULL) error = room >= MostOctets ? EFBIG : ENOMEM;
        else content = larger, room *= 2;
    }

    SystemNative_Close(descriptor);
    if (error == 0)
    {
        *length = size;
        return content;
    }

    free(content);
    errno = error;
    return NULL;
}

// The errors are those of OpenSSL's own BIO_new_file: a configuration that is not there is none, if the reason says so. Nothing is written:
// that would be .NET's cache of answers about revoked certificates, which it does without if it must.
BIO* __wrap_BIO_new_file(const char* path, const char* mode)
{
    size_t length = 0;
    char* content = NULL;
    if (mode[0] == 'r') content = ReadFile(path, &length);
    else errno = EROFS;
    if (content == NULL)
    {
        int error = errno;
        ERR_raise_data(ERR_LIB_SYS, error, "calling fopen(%s, %s)", path, mode);
        ERR_raise(ERR_LIB_BIO, error == ENOENT || error == ENXIO ? BIO_R_NO_SUCH_FILE : ERR_R_SYS_LIB);
        return NULL;
    }

    BIO* bio = BIO_new(BIO_s_mem());
    if (bio != NULL && length > 0 && BIO_write(bio, content, (int)length) != (int)length)
    {
        BIO_free(bio);
        bio = NULL;
    }

    free(content);
    if (bio != NULL) BIO_set_mem_eof_return(bio, 0);
    return bio;
}

// Where trusted roots are looked for, unless SSL_CERT_FILE and SSL_CERT_DIR say otherwise: whatever folder the OpenSSL of the machine that
// built the image had as its own, here it is the one in which every distribution has them.
const char* __wrap_X509_get_default_cert_dir(void)
{
    return "/etc/ssl/certs";
}

const char* __wrap_X509_get_default_cert_file(void)
{
    return "/etc/ssl/cert.pem";
}

// getentropy(3), with which OpenSSL seeds itself: .NET's own source, the descriptor of /dev/urandom that a sandboxed guest has opened before
// its seal. getrandom(2) is not among the calls that the seal leaves.
int __wrap_getentropy(void* buffer, size_t length)
{
    if (length > 256)
    {
        errno = EIO;
        return -1;
    }

    return SystemNative_GetCryptographicallySecureRandomBytes(buffer, (int32_t)length) == 0 ? 0 : -1;
}

// OpenSSL could look up names for sockets of its own, which .NET never asks it for; the C library's way to do so is not in a static image.
void* __wrap_gethostbyname(const char* name)
{
    (void)name;
    return NULL;
}

// The layer reads the user's own stores by these.
FILE* MorganaFileOpen(const char* path, const char* mode)
{
    size_t length = 0;
    char* content = mode[0] == 'r' ? ReadFile(path, &length) : NULL;
    if (content == NULL) return NULL;
    // The stream owns its memory only if it made it: so it is copied there.
    FILE* stream = fmemopen(NULL, length + 1, "w+");
    if (stream != NULL && (fwrite(content, 1, length, stream) != length || fseek(stream, 0, SEEK_SET) != 0))
    {
        fclose(stream);
        stream = NULL;
    }

    free(content);
    return stream;
}

DIR* MorganaDirectoryOpen(const char* path)
{
    return SystemNative_OpenDir(path);
}

int MorganaDirectoryClose(DIR* directory)
{
    return SystemNative_CloseDir(directory);
}

struct dirent* MorganaDirectoryRead(DIR* directory)
{
    // glibc asks for no room, and then gives its own. The answer is valid until the thread's next, as readdir(3) has it for each directory.
    static _Thread_local struct dirent answer;
    DirectoryEntry entry;
    if (SystemNative_GetReadDirRBufferSize() != 0 || SystemNative_ReadDirR(directory, NULL, 0, &entry) != 0) return NULL;
    size_t length = entry.NameLength >= 0 ? (size_t)entry.NameLength : strlen(entry.Name);
    if (length >= sizeof(answer.d_name)) length = sizeof(answer.d_name) - 1;
    memcpy(answer.d_name, entry.Name, length);
    answer.d_name[length] = 0;
    return &answer;
}

int MorganaUnlink(const char* path)
{
    return SystemNative_Unlink(path);
}
