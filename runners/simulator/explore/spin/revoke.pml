/*
 * The small model of small_model.ts once more: a revoke against a map, a fault and a fence, two importers.
 *
 * THREADS says how many of them run: 2 revoke and map, 3 a fault as well, 4 a fence as well. ROUNDS says how often
 * the importer maps and the process faults. What stands in a d_step is what a thread of the model does between two
 * yields.
 */
#ifndef THREADS
#define THREADS 4
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#define OK 0
#define PERM 2

byte status = OK;
byte kref = 2;           /* its own, and the mapping of the second importer */
bit mapped[2];           /* whether each importer has a mapping */
bit pte;                 /* whether the process has the page */
bit fence;               /* whether a fence is unsignalled */
bit complete;            /* the last kref is gone */
bit resv;                /* the reservation lock */
bit writer;              /* memory_lock */
byte readers;
bit revoked;             /* the revoke has returned */

inline putKref() {
  kref--;
  if
  :: kref == 0 -> complete = 1
  :: else
  fi
}

proctype Revoke() {
  d_step { !writer && readers == 0 -> writer = 1 };
  d_step {
    !resv -> resv = 1;
    status = PERM;
    if
    :: mapped[0] -> mapped[0] = 0; putKref()
    :: else
    fi;
    if
    :: mapped[1] -> mapped[1] = 0; putKref()
    :: else
    fi
  };
  d_step { !fence -> resv = 0; putKref() };
  d_step { complete -> pte = 0; writer = 0; revoked = 1 }
}

proctype Map() {
  byte round = 0;
  do
  :: round < ROUNDS ->
    d_step {
      !resv ->
      if
      :: status == OK && !mapped[0] -> mapped[0] = 1; kref++
      :: else
      fi
    };
    d_step {
      !resv ->
      if
      :: mapped[0] -> mapped[0] = 0; putKref()
      :: else
      fi;
      round++
    }
  :: else -> break
  od
}

proctype Fault() {
  byte round = 0;
  bit refused;
  do
  :: round < ROUNDS ->
    d_step { !resv -> refused = (status != OK) };
    if
    :: refused -> round++
    :: else ->
      d_step {
        !writer ->
        if
        :: status == OK -> pte = 1
        :: else
        fi;
        round++
      }
    fi
  :: else -> break
  od
}

proctype Signal() {
  d_step { fence = 0 }
}

init {
  atomic {
    mapped[1] = 1;
    run Revoke();
    run Map();
#if THREADS > 2
    run Fault();
#endif
#if THREADS > 3
    fence = 1;
    run Signal();
#endif
  }
}

/* After the revoke has returned nothing is left, and nobody is stuck. */
active proctype Watch() {
  end:
  atomic { revoked -> assert(status == PERM && kref == 0 && !mapped[0] && !mapped[1] && !pte) }
}
