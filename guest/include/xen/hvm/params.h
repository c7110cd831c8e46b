/*
 * Parameters of a domain.
 */
#ifndef XEN_HVM_PARAMS_H
#define XEN_HVM_PARAMS_H

#define HVM_PARAM_CALLBACK_IRQ   0 /* how events interrupt; the upper byte is the kind */
#define HVM_PARAM_STORE_PFN      1
#define HVM_PARAM_STORE_EVTCHN   2
#define HVM_PARAM_CONSOLE_PFN    17
#define HVM_PARAM_CONSOLE_EVTCHN 18

#define HVM_PARAM_CALLBACK_TYPE_VECTOR 2 /* the low byte is the vector */

#endif
