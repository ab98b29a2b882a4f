// One process at a time installs or builds in a clone. Understood by Node 18.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './bundled-node.mjs';

const folder = join(root, '.cache');
const lock = join(folder, 'start.lock');
const pollEvery = 200;

/**
 * Runs `work` while no other start of this clone does. `work` gets a function to name the process that it starts: should
 * this one be killed, that one still holds the lock, since npm goes on writing.
 */
export async function alone(work) {
  await take();
  try {
    return await work((pid) => writeFileSync(lock, `${process.pid} ${pid}\n`));
  } finally {
    rmSync(lock, { force: true });
  }
}

async function take() {
  makeFolder();
  let told = false;
  let removedStale = false;
  for (;;) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
      // Two that find the same stale lock could each remove it, the slower one that of the quicker: the last one has it.
      if (removedStale) await delay(pollEvery);
      if (readHolders()[0] === process.pid) return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw cannotWrite(error);
    }
    const holder = readHolders().find(isAlive);
    if (holder === undefined) {
      rmSync(lock, { force: true });
      removedStale = true;
    } else {
      if (!told) {
        console.log(
          `Another start (process ${holder}) is installing or building here; waiting for it. (If there is no such process, delete ${lock}.)`,
        );
      }
      told = true;
      await delay(pollEvery);
    }
  }
}

function makeFolder() {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(error);
  }
}

function readHolders() {
  try {
    return readFileSync(lock, 'utf8').trim().split(' ').map(Number);
  } catch {
    return [];
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function cannotWrite(cause) {
  return new Error(
    `${root} cannot be written by this user (${cause.code}): run "npm start" once as the user who owns it, or make it writable.`,
  );
}
