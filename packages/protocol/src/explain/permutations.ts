/** Every order of some items: keep them few, `n` have `n!`. */
export const permutationsOf = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((first, index) =>
        permutationsOf(items.toSpliced(index, 1)).map((rest) => [first, ...rest]),
      );
