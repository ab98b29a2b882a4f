/** A fault whose message is meant for whoever started the program: one sentence, what is wrong and what to do, never a secret. */
export class Told extends Error {}
