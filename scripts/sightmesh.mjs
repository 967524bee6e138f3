#!/usr/bin/env node
// npx sightmesh <command>: runs the command on Node 24. `start` first gets what a node needs.
import process from 'node:process';
import { prepare } from './prepare.mjs';
import { becomeNode24, ensureInstalled } from './setup.mjs';

const args = process.argv.slice(2);
if (args[0] === 'start') await prepare();
else ensureInstalled();
becomeNode24(['src/cli/main.ts', ...args], { cwd: process.cwd() });
