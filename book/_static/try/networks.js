// Written by tools/export_onnx.py.

export const NETWORKS = [
  {
    "run": "srcnn-reduced",
    "name": "SRCNN",
    "paper": "",
    "mends": [
      {
        "kind": "shrunk",
        "level": 2
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 8,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 57281,
    "file": "srcnn-reduced.onnx",
    "bytes": 231135,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/srcnn-reduced/record.json"
  },
  {
    "run": "vdsr-quick",
    "name": "VDSR",
    "paper": "vdsr",
    "mends": [
      {
        "kind": "shrunk",
        "level": 2
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 8,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 56097,
    "file": "vdsr-quick.onnx",
    "bytes": 228756,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/vdsr-quick/record.json"
  },
  {
    "run": "vdsr-depth10-seed0-quick",
    "name": "VDSR",
    "paper": "vdsr",
    "mends": [
      {
        "kind": "shrunk",
        "level": 3
      },
      {
        "kind": "shrunk",
        "level": 4
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "vdsr-depth10-seed0-quick.onnx",
    "bytes": 303656,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/vdsr-depth10-seed0-quick/record.json"
  },
  {
    "run": "edsr-x2-quick",
    "name": "EDSR",
    "paper": "edsr",
    "mends": [
      {
        "kind": "shrunk",
        "level": 2
      }
    ],
    "channels": 3,
    "enlarges": true,
    "reach": 20,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 195971,
    "file": "edsr-x2-quick.onnx",
    "bytes": 795351,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/edsr-x2-quick/record.json"
  },
  {
    "run": "edsr-x3-reduced",
    "name": "EDSR",
    "paper": "edsr",
    "mends": [
      {
        "kind": "shrunk",
        "level": 3
      }
    ],
    "channels": 3,
    "enlarges": true,
    "reach": 36,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 1554499,
    "file": "edsr-x3-reduced.onnx",
    "bytes": 3144142,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/edsr-x3-reduced/record.json"
  },
  {
    "run": "edsr-x4-reduced",
    "name": "EDSR",
    "paper": "edsr",
    "mends": [
      {
        "kind": "shrunk",
        "level": 4
      }
    ],
    "channels": 3,
    "enlarges": true,
    "reach": 36,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 1517571,
    "file": "edsr-x4-reduced.onnx",
    "bytes": 3061669,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/edsr-x4-reduced/record.json"
  },
  {
    "run": "red10-x2-quick",
    "name": "RED10",
    "paper": "rednet",
    "mends": [
      {
        "kind": "shrunk",
        "level": 2
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "red10-x2-quick.onnx",
    "bytes": 156077,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red10-x2-quick/record.json"
  },
  {
    "run": "red10-noise10-quick",
    "name": "RED10",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 10
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "red10-noise10-quick.onnx",
    "bytes": 156077,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red10-noise10-quick/record.json"
  },
  {
    "run": "red10-noise30-quick",
    "name": "RED10",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 30
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "red10-noise30-quick.onnx",
    "bytes": 303895,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red10-noise30-quick/record.json"
  },
  {
    "run": "red10-noise50-quick",
    "name": "RED10",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 50
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "red10-noise50-quick.onnx",
    "bytes": 303895,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red10-noise50-quick/record.json"
  },
  {
    "run": "red10-noise70-quick",
    "name": "RED10",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 70
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 10,
    "multiple": 1,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 74593,
    "file": "red10-noise70-quick.onnx",
    "bytes": 303895,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red10-noise70-quick/record.json"
  },
  {
    "run": "red20-noise10-quick",
    "name": "RED20",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 10
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 20,
    "multiple": 1,
    "steps": [],
    "skips": [
      [
        8,
        12
      ],
      [
        6,
        14
      ],
      [
        4,
        16
      ],
      [
        2,
        18
      ]
    ],
    "processor": false,
    "parameters": 167073,
    "file": "red20-noise10-quick.onnx",
    "bytes": 347996,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red20-noise10-quick/record.json"
  },
  {
    "run": "red20-noise30-quick",
    "name": "RED20",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 30
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 20,
    "multiple": 1,
    "steps": [],
    "skips": [
      [
        8,
        12
      ],
      [
        6,
        14
      ],
      [
        4,
        16
      ],
      [
        2,
        18
      ]
    ],
    "processor": false,
    "parameters": 167073,
    "file": "red20-noise30-quick.onnx",
    "bytes": 347996,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red20-noise30-quick/record.json"
  },
  {
    "run": "red20-noise50-quick",
    "name": "RED20",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 50
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 20,
    "multiple": 1,
    "steps": [],
    "skips": [
      [
        8,
        12
      ],
      [
        6,
        14
      ],
      [
        4,
        16
      ],
      [
        2,
        18
      ]
    ],
    "processor": false,
    "parameters": 167073,
    "file": "red20-noise50-quick.onnx",
    "bytes": 347996,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red20-noise50-quick/record.json"
  },
  {
    "run": "red20-noise70-quick",
    "name": "RED20",
    "paper": "rednet",
    "mends": [
      {
        "kind": "noise",
        "level": 70
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 20,
    "multiple": 1,
    "steps": [],
    "skips": [
      [
        8,
        12
      ],
      [
        6,
        14
      ],
      [
        4,
        16
      ],
      [
        2,
        18
      ]
    ],
    "processor": false,
    "parameters": 167073,
    "file": "red20-noise70-quick.onnx",
    "bytes": 347996,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/red20-noise70-quick/record.json"
  },
  {
    "run": "memnet-quick",
    "name": "MemNet",
    "paper": "memnet",
    "mends": [
      {
        "kind": "shrunk",
        "level": 2
      },
      {
        "kind": "shrunk",
        "level": 3
      },
      {
        "kind": "shrunk",
        "level": 4
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 26,
    "multiple": 1,
    "steps": [
      "from block 1",
      "from block 2",
      "from block 3",
      "from block 4"
    ],
    "skips": [],
    "processor": false,
    "parameters": 26167,
    "file": "memnet-quick.onnx",
    "bytes": 161266,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/memnet-quick/record.json"
  },
  {
    "run": "memnet-noise-quick",
    "name": "MemNet",
    "paper": "memnet",
    "mends": [
      {
        "kind": "noise",
        "level": 30
      },
      {
        "kind": "noise",
        "level": 50
      },
      {
        "kind": "noise",
        "level": 70
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 26,
    "multiple": 1,
    "steps": [
      "from block 1",
      "from block 2",
      "from block 3",
      "from block 4"
    ],
    "skips": [],
    "processor": false,
    "parameters": 26167,
    "file": "memnet-noise-quick.onnx",
    "bytes": 161266,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/memnet-noise-quick/record.json"
  },
  {
    "run": "memnet-jpeg-quick",
    "name": "MemNet",
    "paper": "memnet",
    "mends": [
      {
        "kind": "jpeg",
        "level": 10
      },
      {
        "kind": "jpeg",
        "level": 20
      }
    ],
    "channels": 1,
    "enlarges": false,
    "reach": 26,
    "multiple": 1,
    "steps": [
      "from block 1",
      "from block 2",
      "from block 3",
      "from block 4"
    ],
    "skips": [],
    "processor": false,
    "parameters": 26167,
    "file": "memnet-jpeg-quick.onnx",
    "bytes": 161266,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/memnet-jpeg-quick/record.json"
  },
  {
    "run": "mtrnn-one-step-longer-seed0-quick",
    "name": "One step",
    "paper": "mtrnn",
    "mends": [
      {
        "kind": "shake",
        "level": 7
      },
      {
        "kind": "shake",
        "level": 9
      },
      {
        "kind": "shake",
        "level": 11
      },
      {
        "kind": "shake",
        "level": 13
      }
    ],
    "channels": 3,
    "enlarges": false,
    "reach": 95,
    "multiple": 4,
    "steps": [],
    "skips": [],
    "processor": false,
    "parameters": 165827,
    "file": "mtrnn-one-step-longer-seed0-quick.onnx",
    "bytes": 689218,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/mtrnn-one-step-longer-seed0-quick/record.json"
  },
  {
    "run": "mtrnn-quick",
    "name": "MT-RNN",
    "paper": "mtrnn",
    "mends": [
      {
        "kind": "shake",
        "level": 7
      },
      {
        "kind": "shake",
        "level": 9
      },
      {
        "kind": "shake",
        "level": 11
      },
      {
        "kind": "shake",
        "level": 13
      }
    ],
    "channels": 3,
    "enlarges": false,
    "reach": 570,
    "multiple": 4,
    "steps": [
      "after step 1",
      "after step 2",
      "after step 3",
      "after step 4",
      "after step 5"
    ],
    "skips": [],
    "processor": true,
    "parameters": 165827,
    "file": "mtrnn-quick.onnx",
    "bytes": 758936,
    "record": "https://github.com/OWNER/image-restoration-reproduced/blob/main/restorelib/runs/mtrnn-quick/record.json"
  }
];
