// Get a deposit request: GET /v1/deposit-requests/{request_id}.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/deposit-requests/5001';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
