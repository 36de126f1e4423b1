#!/usr/bin/env node
// Cartwright runs on the Node that its own dependency brings (node_modules/.bin/node): TypeScript is run from source, which older ones cannot.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const bundled = join(__dirname, 'node_modules', '.bin', 'node');
const [major, minor] = process.versions.node.split('.').map(Number);
const node = existsSync(bundled) ? bundled : process.execPath;
if (node === process.execPath && (major < 22 || (major === 22 && minor < 18))) {
  console.error(`Cartwright needs Node 22.18 or later; this is ${process.version}. Run "npm ci" first: it brings its own.`);
  process.exit(1);
}
const run = spawnSync(node, [join(__dirname, 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(run.status ?? 1);
