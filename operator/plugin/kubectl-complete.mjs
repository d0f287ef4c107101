#!/usr/bin/env node
// `kubectl_complete-shopmind`: what kubectl looks for on the PATH to complete `kubectl shopmind …`. The words come as arguments.
process.argv.splice(2, 0, '__complete');
await import('./shopmind.mjs');
