import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

// A quarter of a megabyte of words: a file of its own, which `watchStrength` fetches when somebody types a new password.
const zxcvbn = new ZxcvbnFactory({
  dictionary: { passwords: dictionary['passwords-common'] ?? [] },
  graphs: adjacencyGraphs,
  // How many letters may be written as digits and marks: each more doubles the work of some passwords.
  l33tMaxSubstitutions: 8,
});

/** From 0, guessed at once, to 4, guessed by nobody. What somebody is called helps whoever guesses. */
export const scoreOf = (password: string, holder: readonly string[]): number =>
  zxcvbn.check(password, [...holder]).score;
