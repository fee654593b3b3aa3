// Runs before the page is painted, so that neither the theme nor the language of the samples changes visibly.
{
  const read = (name: string): string | null => {
    try {
      return localStorage.getItem(`cpg-docs-${name}`);
    } catch {
      return null; // Storage may be blocked.
    }
  };
  for (const name of ['theme', 'language']) {
    const value = read(name);
    if (value !== null) document.documentElement.dataset[name] = value;
  }
}
