// Check that requests are signed correctly: GET /v1/_ping.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/_ping';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
