// The camera of the scan page. Without it the page is a field that takes what is typed or a hand scanner sends.
(() => {
  "use strict";
  const LOOK_EVERY = 180; // milliseconds between two looks at the picture
  const SAME_AGAIN = 3000; // so long one code before the camera is one scan
  const camera = document.querySelector("[data-camera]");
  const form = document.querySelector("[data-scan]");
  const off = document.querySelector("[data-camera-off]");
  if (!camera || !form) return;
  const video = camera.querySelector("video");
  const field = form.elements.code;
  let last = "";
  let lastAt = 0;

  function detector() {
    if ("BarcodeDetector" in window) return new window.BarcodeDetector();
    const kit = window.BarcodeDetectionAPI;
    kit.prepareZXingModule({ overrides: { locateFile: () => camera.dataset.reader } });
    return new kit.BarcodeDetector();
  }

  function read(code) {
    const now = Date.now();
    const again = code === last && now - lastAt < SAME_AGAIN;
    last = code;
    lastAt = now;
    if (again) return;
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(60);
    field.value = code;
    form.requestSubmit();
  }

  async function look(reader) {
    try {
      if (video.readyState >= 2 && !document.hidden) {
        const [found] = await reader.detect(video);
        if (found?.rawValue) read(found.rawValue);
      }
    } catch {
      stop();
      return;
    }
    if (!camera.hidden) setTimeout(() => look(reader), LOOK_EVERY);
  }

  function stop() {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    camera.hidden = true;
    off.hidden = false;
    field.focus();
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia) return stop(); // No HTTPS, or a browser without.
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      camera.hidden = false;
      await video.play();
      look(detector());
    } catch {
      stop();
    }
  }

  // In a list the field is ready for the next code as soon as the last one is sent.
  document.addEventListener("htmx:after:swap", () => { field.value = ""; });
  window.addEventListener("pagehide", () => { for (const track of video.srcObject?.getTracks() ?? []) track.stop(); });
  start();
})();
