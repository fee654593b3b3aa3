/** What must be asked for: it says nothing about anybody else's implementation, and must not make up for one that was not tried. */
export const SELF = [
  '--self',
  'judge @cpg/protocol itself: a way to see that the installation works',
] as const;
