import { defineConfig } from 'vitest/config'

/** @param {{ testTimeoutMs?: number, hookTimeoutMs?: number, globalSetup?: string }} options */
export function packageTests(options = {}) {
  const conditions = ['@tidemark/source', 'node', 'import', 'module', 'default']
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
