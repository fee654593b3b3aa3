import type { WireResponse } from '../transport/transport.ts';

/** Takes the signature that was sent out of headers that give it back, so that neither hooks nor callers log it. */
export const redactEcho = (answer: WireResponse, signature: string): WireResponse => {
  const redact = (value: string): string => value.replaceAll(signature, '[redacted]');
  const headers = Object.entries(answer.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(redact) : value === undefined ? value : redact(value),
  ]);
  return { ...answer, headers: Object.fromEntries(headers) };
};
