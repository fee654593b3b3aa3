import { timingSafeEqual } from '../crypto/node.ts';
import type { Finding } from './find-mistakes.ts';

/** A received signature, decoded from one of the formats in which signatures are written. */
export interface ReceivedSignature {
  /** What is wrong with the format; empty for 64 lowercase hex digits. */
  readonly findings: readonly Finding<OutputCode>[];
  readonly isReproducedBy: (mac: Buffer) => boolean;
}

/** The codes of findings about the format of a signature. */
export type OutputCode = keyof typeof OUTPUT_MESSAGES;

const FIX = 'send 64 lowercase hex digits and nothing else';
const OUTPUT_MESSAGES = {
  signature_padded: `The signature was sent with white space or quotes around it: ${FIX}.`,
  signature_prefixed: `The signature was sent with a prefix: ${FIX}.`,
  signature_upper_case: `The signature was sent in upper case: ${FIX}.`,
  signature_base64: `The signature was sent in base64: ${FIX}.`,
  signature_base64_of_hex: `The hex digits of the signature were encoded in base64 again: ${FIX}.`,
  signature_truncated: `The signature was cut short: ${FIX}.`,
} as const;

// Fewer than 128 bits could match by chance or be forged.
const MIN_BYTES = 16;
const SHA256_BYTES = 32;
const PREFIXED = /^(?:0x|[\w-]+[=: ] ?)([0-9A-Fa-f]{64}|[\w+/-]{43}=?)$/;
const HEX = /^(?:[0-9A-Fa-f]{2})+$/;
const BASE64 = /^[\w+/-]+={0,2}$/;

const isEqual = (left: Buffer, right: Buffer): boolean =>
  left.length === right.length && timingSafeEqual(left, right);

/** Decodes a signature leniently, to recognise it. Never used to accept one. */
export const readSignature = (text: string): ReceivedSignature[] => {
  const codes: OutputCode[] = [];
  const inner = text.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (inner !== text) codes.push('signature_padded');
  const digits = PREFIXED.exec(inner)?.[1] ?? inner;
  if (digits !== inner) codes.push('signature_prefixed');
  const bytes = readDigits(digits, codes);
  if (bytes.length < MIN_BYTES) return [];
  const whole = { findings: codes.map(toFinding), isReproducedBy: (mac: Buffer) => isEqual(mac, bytes) };
  if (bytes.length >= SHA256_BYTES) return [whole];
  const cut = {
    findings: [...codes, 'signature_truncated' as const].map(toFinding),
    isReproducedBy: (mac: Buffer) => isEqual(mac.subarray(0, bytes.length), bytes),
  };
  return [whole, cut];
};

const readDigits = (digits: string, codes: OutputCode[]): Buffer => {
  if (HEX.test(digits)) {
    if (/[A-F]/.test(digits)) codes.push('signature_upper_case');
    return Buffer.from(digits, 'hex');
  }
  if (!BASE64.test(digits)) return Buffer.alloc(0);
  const bytes = Buffer.from(digits, 'base64');
  const isHex = HEX.test(bytes.toString('latin1'));
  codes.push(isHex ? 'signature_base64_of_hex' : 'signature_base64');
  return isHex ? Buffer.from(bytes.toString('latin1'), 'hex') : bytes;
};

const toFinding = (code: OutputCode): Finding<OutputCode> => ({ code, message: OUTPUT_MESSAGES[code] });
