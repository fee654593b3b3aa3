import type { Config } from '../config.ts';
import { findMasterKey } from './master-key.ts';
import { createSecretBox, type SecretBox } from './secret-box.ts';

/** The secret box of a gateway with this configuration. */
export const openSecretBox = async (config: Config): Promise<SecretBox> => {
  const isPersistent = config.databaseUrl !== undefined || config.dataDir !== undefined;
  return createSecretBox(await findMasterKey({ ...config, isPersistent }));
};
