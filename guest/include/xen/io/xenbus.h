/*
 * States of a device's two ends, which each writes into its folder of xenstore.
 */
#ifndef XEN_IO_XENBUS_H
#define XEN_IO_XENBUS_H

enum xenbus_state {
    XenbusStateUnknown,
    XenbusStateInitialising,
    XenbusStateInitWait, /* of back ends: the front end is to tell its rings */
    XenbusStateInitialised,
    XenbusStateConnected,
    XenbusStateClosing,
    XenbusStateClosed,
    XenbusStateReconfiguring,
    XenbusStateReconfigured,
};

#endif
