import { bytesOf } from '../platform.ts';

/** The `message` of an error envelope, given as text, bytes or parsed; `undefined` when there is none. */
export const readMessage = (data: unknown): unknown => {
  if (typeof data === 'object' && data !== null && 'message' in data) return data.message;
  const text = bytesOf(data)?.toString('utf8') ?? data;
  if (typeof text !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed ? parsed.message : undefined;
  } catch {
    return undefined;
  }
};
