// Declarations are all there is: `import "solo5/guest"` does nothing.
