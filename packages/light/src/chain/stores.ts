import type { LightStore } from './trust-state.ts'

/** Forgets with the program. */
export function memoryLightStore(text: string | null = null): LightStore {
  let kept = text
  return {
    load: async () => kept,
    save: async (next) => {
      kept = next
    },
  }
}

/** In a browser: `webLightStore(localStorage, 'quoin-light')`. */
export function webLightStore(
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void },
  key: string,
): LightStore {
  return {
    load: async () => storage.getItem(key),
    save: async (text) => storage.setItem(key, text),
  }
}
