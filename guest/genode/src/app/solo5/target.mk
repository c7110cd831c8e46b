# No program: has the library built by `make app/solo5`. Unikernels come from another toolchain.
TARGET = dummy-solo5
LIBS   = solo5
