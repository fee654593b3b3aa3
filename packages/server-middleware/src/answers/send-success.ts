import type { ServerResponse } from 'node:http';
import { successEnvelope } from '@cpg/protocol';
import { Page } from './page.ts';
import { sendEnvelope } from './send-envelope.ts';

/** Answers 200 with data, or a page of rows, in the success envelope. Contract §3. */
export const sendSuccess = (response: ServerResponse, data: unknown): void => {
  if (data instanceof Page) {
    const { data: rows, next_cursor, has_more } = data.content;
    sendEnvelope(response, { status: 200, envelope: { ...successEnvelope(rows), next_cursor, has_more } });
    return;
  }
  sendEnvelope(response, { status: 200, envelope: successEnvelope(data) });
};
