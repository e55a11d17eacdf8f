/** How the picture gets to the server: by this device's camera or screen, or by an encoder program. */
export type Way = 'camera' | 'encoder';
export const ways: Way[] = ['camera', 'encoder'];

const key = 'weir.way';

const conversationalKey = 'weir.conversational';

/** Whether the last broadcast from this device asked for the shortest delay. */
export const lastConversational = (): boolean => localStorage.getItem(conversationalKey) === '1';

export function rememberConversational(wanted: boolean): void {
  localStorage.setItem(conversationalKey, wanted ? '1' : '0');
}

export function lastWay(cameraWorks: boolean): Way {
  const stored = localStorage.getItem(key);
  return stored === 'camera' || stored === 'encoder' ? stored : cameraWorks ? 'camera' : 'encoder';
}

export function rememberWay(way: Way): void {
  localStorage.setItem(key, way);
}
