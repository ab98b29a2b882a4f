/** The one place that reads the process's environment. */
export const readEnvironment = (): Record<string, string | undefined> => ({ ...process.env });
