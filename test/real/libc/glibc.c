/*
 * Names that Debian's static libraries have from glibc's headers, and musl has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Functions that check the size of their buffer: here they do as those that do not ---- */

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
    return size > room ? (abort(), NULL) : memcpy(to, from, size);
}

void *__memmove_chk(void *to, const void *from, size_t size, size_t room)
{
    return size > room ? (abort(), NULL) : memmove(to, from, size);
}

void *__memset_chk(void *to, int byte, size_t size, size_t room)
{
    return size > room ? (abort(), NULL) : memset(to, byte, size);
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
    return strlen(from) >= room ? (abort(), NULL) : strcpy(to, from);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
    return strlen(to) + strlen(from) >= room ? (abort(), NULL) : strcat(to, from);
}

char *__strncpy_chk(char *to, const char *from, size_t size, size_t room)
{
    return size > room ? (abort(), NULL) : strncpy(to, from, size);
}

char *__strncat_chk(char *to, const char *from, size_t size, size_t room)
{
    (void)room;
    return strncat(to, from, size);
}

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list list)
{
    (void)flag;
    return vsnprintf(to, size < room ? size : room, format, list);
}

int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list)
{
    (void)flag;
    return vfprintf(stream, format, list);
}

#define VARIADIC(call)              \
    va_list list;                   \
    va_start(list, format);         \
    int length = call;              \
    va_end(list);                   \
    return length

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
    VARIADIC(__vsnprintf_chk(to, size, flag, room, format, list));
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    VARIADIC(__vsnprintf_chk(to, room, flag, room, format, list));
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    VARIADIC(__vfprintf_chk(stream, flag, format, list));
}

int __printf_chk(int flag, const char *format, ...)
{
    VARIADIC(__vfprintf_chk(stdout, flag, format, list));
}

_Noreturn void __longjmp_chk(jmp_buf to, int value)
{
    longjmp(to, value);
}

/* ---- C99's forms of scanf and, in newer headers, C23's of strtol ---- */

int __isoc99_sscanf(const char *text, const char *format, ...)
{
    VARIADIC(vsscanf(text, format, list));
}

int __isoc99_fscanf(FILE *stream, const char *format, ...)
{
    VARIADIC(vfscanf(stream, format, list));
}

/* ---- Feature tests of glibc's dynamic parts ---- */

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso)
{
    (void)prepare, (void)parent, (void)child, (void)dso;
    return 0;
}
