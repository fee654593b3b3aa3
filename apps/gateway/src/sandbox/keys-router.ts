import type { ConsoleKey, CreatedKey } from '@cpg/console/api';
import { isKeyId, PERMISSIONS, validationFailed } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import { addressRange } from '../address-range.ts';
import {
  changeApiKey,
  createApiKey,
  createKeyId,
  createKeySecret,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '../keys/api-keys.ts';
import { hasAccount } from '../ledger/accounts.ts';
import { getRetirement, MAX_OVERLAP_HOURS, MAX_RATE_LIMIT } from '../operator-input.ts';
import type { Services } from '../services.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import type { RequestLog } from './request-log.ts';
import { done, lineOfText, sandboxRoute, storableText } from './sandbox-route.ts';

const MAX_SOURCE_IPS = 200;

const keyId = z.string().refine(isKeyId, { error: 'Input should be a key id' });
const settings = {
  label: lineOfText.default(''),
  permissions: z
    .array(z.enum(PERMISSIONS, { error: `Input should be one of ${PERMISSIONS.join(', ')}` }))
    .default([...PERMISSIONS]),
  source_ips: z.array(addressRange).max(MAX_SOURCE_IPS).default([]),
  rate_limit_per_minute: z
    .int({ error: 'Input should be a whole number' })
    .min(1, { error: 'Input should be at least 1' })
    .max(MAX_RATE_LIMIT, { error: `Input should be at most ${MAX_RATE_LIMIT}` })
    .default(600),
};
const newKey = z.strictObject({ account_id: storableText.default(DEMO_ACCOUNT), ...settings });
const changedKey = z.strictObject({ key_id: keyId, ...settings });
const rotation = z.strictObject({
  key_id: keyId,
  overlap_hours: z
    .int({ error: 'Input should be whole hours' })
    .min(0, { error: 'Input should be at least 0' })
    .max(MAX_OVERLAP_HOURS, { error: `Input should be at most ${MAX_OVERLAP_HOURS}` })
    .default(24),
});

type Settings = z.output<typeof newKey>;

const toSettings = ({
  label,
  permissions,
  source_ips,
  rate_limit_per_minute,
}: Omit<Settings, 'account_id'>) => ({
  label,
  permissions,
  sourceIps: source_ips,
  rateLimitPerMinute: rate_limit_per_minute,
});

const formatOptional = (time: Date | number | null): string | null =>
  time === null ? null : new Date(time).toISOString();

/** Creates, changes, rotates and revokes API keys. A secret is in the response that creates it, and nowhere else. */
export const createKeysRouter = ({ db, box, clock }: Services, requests: RequestLog): Router => {
  const router = express.Router();
  const now = () => new Date(clock.now());
  router.get(
    '/keys',
    sandboxRoute(z.object({}), async () =>
      (await listApiKeys(db, now())).map((key): ConsoleKey => {
        const use = requests.getUse(key.keyId);
        return {
          key_id: key.keyId,
          account_id: key.accountId,
          label: key.label,
          permissions: key.permissions,
          source_ips: key.sourceIps,
          rate_limit_per_minute: key.rateLimitPerMinute,
          revoked_at: formatOptional(key.revokedAt),
          overlap_until: formatOptional(key.overlapUntil),
          last_used_at: formatOptional(use.lastUsedAt),
          requests_last_minute: use.lastMinute,
        };
      }),
    ),
  );
  router.post(
    '/keys',
    sandboxRoute(newKey, async ({ account_id: accountId, ...rest }) => {
      if (!(await hasAccount(db, accountId))) return validationFailed('account_id: There is no such account');
      const created: CreatedKey = { key_id: createKeyId(), secret: createKeySecret() };
      const key = { keyId: created.key_id, secret: created.secret, accountId };
      const { sourceIps, ...others } = toSettings(rest);
      await createApiKey(db, box, { ...key, ...others, ...(sourceIps.length === 0 ? {} : { sourceIps }) });
      return created;
    }),
  );
  router.patch(
    '/keys/:key_id',
    sandboxRoute(changedKey, ({ key_id, ...rest }) => done(changeApiKey(db, key_id, toSettings(rest)))),
  );
  router.post(
    '/keys/:key_id/rotate',
    sandboxRoute(rotation, async ({ key_id, overlap_hours }) => {
      const secret = createKeySecret();
      const at = now();
      const retireAt = getRetirement(at, overlap_hours);
      const created: CreatedKey = { key_id, secret };
      return (await rotateApiKey(db, box, { keyId: key_id, secret, at, retireAt })) ? created : undefined;
    }),
  );
  router.post(
    '/keys/:key_id/revoke',
    sandboxRoute(z.object({ key_id: keyId }), ({ key_id }) => done(revokeApiKey(db, key_id, now()))),
  );
  return router;
};
