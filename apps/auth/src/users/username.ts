/** What two spellings of one username have in common: compared without case and without look-alike forms. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toUpperCase().toLowerCase();
}
