/** The gateway that serves this site, whatever proxy, port or path prefix is in between; `undefined` elsewhere. */
export const findServer = (): string | undefined => {
  const root = new URL(`${document.documentElement.dataset.root}`, location.href).href;
  return root.endsWith('/docs/') ? root.slice(0, -'/docs/'.length) : undefined;
};
