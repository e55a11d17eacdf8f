/** The broadcast that this page's camera sends into, for the bar on every page; the camera's own code loads only where it is used. */
export const onAir = $state<{ broadcast: string | null }>({ broadcast: null });
