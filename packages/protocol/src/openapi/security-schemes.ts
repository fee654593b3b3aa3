import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../headers.ts';

const header = (name: string, description: string) => ({ type: 'apiKey', in: 'header', name, description });

/** The three headers of a signed request, as OpenAPI can say it; it cannot say how they are computed. Contract §1. */
export const SECURITY_SCHEMES = {
  key: header(KEY_HEADER, "The key's public id."),
  timestamp: header(TIMESTAMP_HEADER, "Unix seconds, at most 300 from the server's clock."),
  signature: header(
    SIGNATURE_HEADER,
    'Lowercase hex HMAC-SHA256, under the secret, of the canonical string: timestamp, method, path, query and lowercase hex SHA-256 of the body, joined by line feeds. Path and query exactly as sent. Each signature is accepted once.',
  ),
};

/** Every request carries all three. */
export const SECURITY = [{ key: [], timestamp: [], signature: [] }];
