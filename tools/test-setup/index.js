import { defineConfig } from 'vitest/config'

/** @param {{ testTimeoutMs?: number, hookTimeoutMs?: number, globalSetup?: string }} options */
export function packageTests(options = {}) {
  // Not `import` or `module`: Node is given these too, and would hand modules to what calls
  // `require`.
  const conditions = ['@tidemark/source', 'node', 'default']
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ['test/**/*.test.ts'],
      testTimeout: options.testTimeoutMs ?? 120_000,
      hookTimeout: options.hookTimeoutMs ?? 120_000,
      reporters: ['default', 'json'],
      outputFile: { json: 'dist/test-report.json' },
      ...(options.globalSetup === undefined ? {} : { globalSetup: options.globalSetup }),
    },
  })
}
