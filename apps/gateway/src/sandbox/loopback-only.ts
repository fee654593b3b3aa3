import { isIPv4 } from 'node:net';
import { errorEnvelope, REJECTIONS } from '@cpg/protocol';
import type { RequestHandler } from 'express';

const isLoopback = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/, '');
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
};

/**
 * Answers 404 to everyone who does not connect from this machine. The socket's own address counts; what a trusted proxy on
 * this machine says of its client can only keep that client out.
 */
export const loopbackOnly: RequestHandler = ({ socket, ip = '' }, response, next) => {
  if (isLoopback(socket.remoteAddress ?? '') && isLoopback(ip)) next();
  else response.status(404).json(errorEnvelope(REJECTIONS.not_found.message));
};
