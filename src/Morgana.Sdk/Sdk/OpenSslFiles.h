// Read before each file of .NET's layer over OpenSSL: its own calls by name go to OpenSslFiles.c.
#pragma once
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

FILE* MorganaFileOpen(const char* path, const char* mode);
DIR* MorganaDirectoryOpen(const char* path);
struct dirent* MorganaDirectoryRead(DIR* directory);
int MorganaDirectoryClose(DIR* directory);
int MorganaUnlink(const char* path);

#define fopen MorganaFileOpen
#define opendir MorganaDirectoryOpen
#define readdir MorganaDirectoryRead
#define closedir MorganaDirectoryClose
#define unlink MorganaUnlink
