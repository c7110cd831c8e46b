/* stdnoreturn.h, C11 7.23. */
#ifndef _STDNORETURN_H
#define _STDNORETURN_H

#define noreturn _Noreturn
#define __noreturn_is_defined 1

#endif
