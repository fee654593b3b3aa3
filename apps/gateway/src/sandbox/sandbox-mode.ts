import { memoryStore } from '@cpg/server-middleware';
import express from 'express';
import type { Config } from '../config.ts';
import {
  type GatewayExtension,
  type GatewayMode,
  type GatewayParts,
  registerConfiguredWebhook,
} from '../gateway-mode.ts';
import { setBlockIntervals } from '../ledger/networks.ts';
import type { Services } from '../services.ts';
import { rewindableStore, SwitchableStore } from './admission-stores.ts';
import { consoleGuard, createConsoleRouter, createConsoleToken } from './console-router.ts';
import { DecisionLog } from './decision-log.ts';
import { assertSandboxDatabase, DEMO_ACCOUNT, DEMO_KEYS, resetDemo, seedDemo } from './demo.ts';
import { LiveEvents } from './live-events.ts';
import { RequestLog } from './request-log.ts';
import { createSandboxRouter } from './sandbox-router.ts';

/** The sandbox: demo accounts with published keys, controls for chain, clock and store, and a console. */
export interface SandboxMode extends GatewayMode {
  /** Restores the initial demo data. */
  reset(services: Services): Promise<void>;
}

export const createSandboxMode = (config: Config): SandboxMode => {
  const registerWebhook = (services: Services) =>
    registerConfiguredWebhook(services, config.webhook, DEMO_ACCOUNT);
  const reset = async (services: Services) => {
    const { db, box, clock } = services;
    await resetDemo(db, box, new Date(clock.now()));
    await setBlockIntervals(db, config.chainSettleSeconds, clock.now());
    await registerWebhook(services);
  };
  return {
    reset,
    prepare: async (services) => {
      const { db, box, clock } = services;
      await assertSandboxDatabase(db);
      await seedDemo(db, box, new Date(clock.now()));
      await registerWebhook(services);
    },
    extend: (parts) => extendGateway(parts, { config, reset: () => reset(parts) }),
  };
};

interface ExtendOptions {
  readonly config: Config;
  readonly reset: () => Promise<void>;
}

const extendGateway = (parts: GatewayParts, { config, reset }: ExtendOptions): GatewayExtension => {
  const { clock, admission, logger } = parts;
  const decisions = new DecisionLog(clock.now);
  const live = new LiveEvents(parts);
  const requests = new RequestLog(clock.now, (request) => live.publish('requests', request));
  const token = createConsoleToken();
  const store = new SwitchableStore(
    config.redisUrl === undefined
      ? rewindableStore(clock.now, () => memoryStore({ clock: clock.now }))
      : admission.store,
  );
  return {
    store,
    requests: requests.observe,
    auth: { explain: true, logger: decisions.wrapLogger(logger), trace: decisions.add },
    operations: express
      .Router()
      .use(
        '/_sandbox',
        consoleGuard(token),
        createSandboxRouter({ ...parts, decisions, requests, live, store, reset }),
      )
      .use(createConsoleRouter(token)),
    close: () => live.close(),
  };
};

/** The start-up banner of `npm run sandbox`: the published demo keys and the URL of the console. */
export const formatBanner = (operationsUrl: string): string => {
  const width = Math.max(...DEMO_KEYS.map((key) => key.keyId.length));
  const rows = DEMO_KEYS.map((key) => `  ${key.keyId.padEnd(width)}  ${key.secret}`);
  return ['Demo keys (published, never for real money):', ...rows, `Page ${operationsUrl}/`, ''].join('\n');
};
