// Get a withdrawal: GET /v1/withdrawals/{withdrawal_id}.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/withdrawals/1001';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
