export const later = undefined
