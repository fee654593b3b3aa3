// Signs requests with node:crypto. The defaults are the sandbox and its published demo key.
import { createHash, createHmac } from 'node:crypto';

export const {
  CPG_BASE_URL: BASE_URL = 'http://127.0.0.1:8787',
  CPG_KEY_ID: KEY_ID = 'ck_demo_full',
  CPG_SECRET: SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION',
} = process.env;

const now = () => String(Math.floor(Date.now() / 1000));

/** The three headers. `target` is the path with its query, `body` text or bytes: both exactly as they are sent. */
export const signRequest = (method, target, { body = '', secret = SECRET, timestamp = now() } = {}) => {
  const at = target.includes('?') ? target.indexOf('?') : target.length;
  const [path, query] = [target.slice(0, at), target.slice(at + 1)];
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const canonical = [timestamp, method.toUpperCase(), path, query, bodyHash].join('\n');
  const signature = createHmac('sha256', secret).update(canonical).digest('hex');
  return { 'X-CPG-Key': KEY_ID, 'X-CPG-Timestamp': timestamp, 'X-CPG-Signature': signature };
};
