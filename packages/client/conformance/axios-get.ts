import axios from 'axios';

/**
 * Requests `URL` with plain axios and the headers in `HEADERS`, one per line, to record the bytes that axios
 * sends.
 */

const { URL: url = '', HEADERS = '' } = process.env;

if (process.argv.includes('--version')) {
  process.stdout.write(`axios ${axios.VERSION}\n`);
} else {
  const headers = Object.fromEntries(HEADERS.split('\n').map((line) => line.split(': ')));
  await axios.get(url, { headers, proxy: false, maxRedirects: 0, validateStatus: () => true });
}
