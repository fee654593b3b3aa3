import { Command } from 'commander';
import { exportVectors } from './export-vectors.ts';

export const exportCommand = (): Command =>
  new Command('export')
    .description('write the signing vectors as files, a folder a case, for people who work with diff')
    .argument('<folder>', 'a new or an empty one')
    .action(async (folder: string) => {
      const count = await exportVectors(folder);
      process.stdout.write(`${count} vectors in ${folder}\n`);
    });
