// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that user space names by a number: each belongs to one session and to nobody else.
 */
#include "module.h"

/* More than any case needs; bounds what one descriptor can make the kernel keep. */
#define MAX_OBJECTS (1 << 17)

atomic_t conform_objects = ATOMIC_INIT(0);

void conform_obj_init(struct conform_obj *obj, enum conform_type type, void (*free)(struct conform_obj *obj))
{
	kref_init(&obj->ref);
	obj->type = type;
	obj->free = free;
	atomic_inc(&conform_objects);
}

static void free_object(struct kref *ref)
{
	struct conform_obj *obj = container_of(ref, struct conform_obj, ref);

	atomic_dec(&conform_objects);
	obj->free(obj);
}

void conform_obj_put(struct conform_obj *obj)
{
	kref_put(&obj->ref, free_object);
}

/* Gives an object its number. The session holds a reference from then on, besides the caller's. */
int conform_obj_add(struct conform_session *session, struct conform_obj *obj)
{
	int ret;

	kref_get(&obj->ref);
	ret = xa_alloc(&session->objects, &obj->id, obj, XA_LIMIT(1, MAX_OBJECTS), GFP_KERNEL_ACCOUNT);
	if (ret)
		conform_obj_put(obj);
	return ret == -EBUSY ? -ENOSPC : ret;
}

/* Gives an object of a type, with a reference; NULL if there is none of that number. */
struct conform_obj *conform_obj_find(struct conform_session *session, u32 id, enum conform_type type)
{
	struct conform_obj *obj;

	xa_lock(&session->objects);
	obj = xa_load(&session->objects, id);
	if (obj && obj->type == type)
		kref_get(&obj->ref);
	else
		obj = NULL;
	xa_unlock(&session->objects);
	return obj;
}

/* Takes an object out of the session, with the session's reference: of several callers one gets it. */
struct conform_obj *conform_obj_take(struct conform_session *session, u32 id, enum conform_type type)
{
	struct conform_obj *obj;

	xa_lock(&session->objects);
	obj = xa_load(&session->objects, id);
	if (obj && obj->type == type)
		__xa_erase(&session->objects, id);
	else
		obj = NULL;
	xa_unlock(&session->objects);
	return obj;
}

/*
 * Takes this very object out of the session, with the session's reference. Somebody may have taken it already, and its
 * number may be another one's by now.
 */
bool conform_obj_withdraw(struct conform_session *session, struct conform_obj *obj)
{
	bool there;

	xa_lock(&session->objects);
	there = xa_load(&session->objects, obj->id) == obj;
	if (there)
		__xa_erase(&session->objects, obj->id);
	xa_unlock(&session->objects);
	return there;
}

/* Takes any object of a type out of the session; NULL when none is left. */
struct conform_obj *conform_obj_take_any(struct conform_session *session, enum conform_type type)
{
	struct conform_obj *obj;
	unsigned long id;

	xa_for_each(&session->objects, id, obj) {
		if (obj->type == type)
			return conform_obj_take(session, id, type);
	}
	return NULL;
}
