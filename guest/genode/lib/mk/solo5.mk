# solo5.lib.so, for Genode's build system.
SRC_CC = component.cc console.cc network.cc disk.cc time.cc yield.cc
LIBS   = base

# What unikernels are compiled with as well: solo5.h.
SOLO5_INCLUDE ?= $(REP_DIR)/../include
INC_DIR += $(SOLO5_INCLUDE) $(REP_DIR)/src/lib/solo5

vpath %.cc $(REP_DIR)/src/lib/solo5

SHARED_LIB = yes
