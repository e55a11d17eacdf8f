/** Does something, reads the lists again, says what went wrong or `done`; true when it went well. */
export type Change = (action: () => Promise<unknown>, done?: string) => Promise<boolean>;
