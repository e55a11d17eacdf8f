import { fieldWords, words } from '../shell/problems';

/** Sends a form once at a time and keeps what was refused, per field and in all. */
export class Form {
  busy = $state(false);
  error = $state('');
  fields = $state.raw<Record<string, string>>({});

  async send(action: () => Promise<void>, field: (reason: unknown) => string | null = () => null): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = '';
    this.fields = {};
    try {
      await action();
      return true;
    } catch (reason) {
      const named = field(reason);
      this.fields = named ? { [named]: words(reason) } : fieldWords(reason);
      // A refused field says it beside itself; anything else above the button.
      if (Object.keys(this.fields).length === 0) this.error = words(reason);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
