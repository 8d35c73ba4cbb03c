import { defineConfig } from 'vitest/config';

/** Lua scripts are imported as text, as esbuild's text loader does in the bundle. */
const luaAsText = {
  name: 'lua-as-text',
  transform(code: string, id: string) {
    return id.endsWith('.lua') ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined;
  },
};

/** What the person who runs the tests leaves out (`npm test -- --without rabbitmq`): files with `rabbit` in their path. */
const without = (process.env['JQI_WITHOUT'] ?? '')
  .split(',')
  .filter(Boolean)
  .map(part => part.replace(/mq$/, ''));
const leftOut = (layer: string) =>
  without.flatMap(part => [`test/${layer}/**/*${part}*/**`, `test/${layer}/**/*${part}*.test.ts`]);

/**
 * What a busy machine does to real processes within a test's patience is tried once more; the run's end names each test
 * that passed at its second try only.
 */
const amongProcesses = { retry: 1 };

export default defineConfig({
  plugins: [luaAsText],
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 90_000 },
      },
      {
        extends: true,
        test: {
          ...amongProcesses,
          name: 'systems',
          include: ['test/systems/**/*.test.ts'],
          exclude: leftOut('systems'),
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          ...amongProcesses,
          name: 'workbench',
          include: ['test/workbench/**/*.test.ts'],
          exclude: leftOut('workbench'),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
